//! Writes small ONNX files by hand, so that no binary file lies in the repository and a test can have the graph that it needs.
//!
//! The field numbers are those of `onnx.proto` (ONNX 1.16, IR version 8); the wire format is that of protocol buffers.

/// A message: its fields one after the other.
#[derive(Default, Clone)]
pub(crate) struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u64, wire_type: u64) {
        self.varint(field << 3 | wire_type);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub(crate) fn number(mut self, field: u64, value: i64) -> Message {
        self.key(field, 0);
        self.varint(value as u64);
        self
    }

    pub(crate) fn bytes(mut self, field: u64, bytes: &[u8]) -> Message {
        self.key(field, 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn text(self, field: u64, text: &str) -> Message {
        self.bytes(field, text.as_bytes())
    }

    pub(crate) fn message(self, field: u64, message: &Message) -> Message {
        self.bytes(field, &message.0)
    }
}

const FLOAT: i64 = 1;
const INT64: i64 = 7;

/// A graph in the making.
#[derive(Default, Clone)]
pub(crate) struct Graph(Message);

impl Graph {
    pub(crate) fn node(self, operator: &str, inputs: &[&str], output: &str) -> Graph {
        self.attributed(operator, inputs, output, &[])
    }

    /// A node with attributes that are whole numbers.
    pub(crate) fn attributed(
        self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[(&str, i64)],
    ) -> Graph {
        let mut node = Message::default();
        for input in inputs {
            node = node.text(1, input);
        }
        node = node.text(2, output).text(4, operator);
        for (name, value) in attributes {
            // AttributeProto.type INT is 2.
            let attribute = Message::default()
                .text(1, name)
                .number(3, *value)
                .number(20, 2);
            node = node.message(5, &attribute);
        }
        Graph(self.0.message(1, &node))
    }

    pub(crate) fn floats(self, name: &str, shape: &[i64], values: &[f32]) -> Graph {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, shape, FLOAT, &raw)
    }

    pub(crate) fn integers(self, name: &str, shape: &[i64], values: &[i64]) -> Graph {
        let raw: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.constant(name, shape, INT64, &raw)
    }

    fn constant(self, name: &str, shape: &[i64], element: i64, raw: &[u8]) -> Graph {
        let mut tensor = Message::default();
        for size in shape {
            tensor = tensor.number(1, *size);
        }
        let tensor = tensor.number(2, element).text(8, name).bytes(9, raw);
        Graph(self.0.message(5, &tensor))
    }

    /// An input of whole numbers whose sizes are not known.
    pub(crate) fn input(self, name: &str) -> Graph {
        Graph(
            self.0
                .message(11, &value(name, INT64, &["batch", "tokens"])),
        )
    }

    /// An output of numbers for each pair.
    pub(crate) fn output(self, name: &str, sizes: &[&str]) -> Graph {
        Graph(self.0.message(12, &value(name, FLOAT, sizes)))
    }

    /// The file.
    pub(crate) fn file(self) -> Vec<u8> {
        let operators = Message::default().text(1, "").number(2, 17);
        let graph = self.0.text(2, "test");
        Message::default()
            .number(1, 8)
            .message(7, &graph)
            .message(8, &operators)
            .0
    }
}

fn value(name: &str, element: i64, sizes: &[&str]) -> Message {
    let mut shape = Message::default();
    for size in sizes {
        shape = shape.message(1, &Message::default().text(2, size));
    }
    let tensor = Message::default().number(1, element).message(2, &shape);
    let kind = Message::default().message(1, &tensor);
    Message::default().text(1, name).message(2, &kind)
}
