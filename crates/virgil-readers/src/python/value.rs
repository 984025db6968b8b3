//! What an expression of Python is known to be without running it.

use std::rc::Rc;

use virgil_model::LineSpan;

use crate::sql::name::HOLE;

/// Longer texts are not put together.
const TEXT_BYTES: usize = 64 << 10;

/// A value, as far as it is known.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// A text; [`HOLE`] stands in it where a value is only known when it runs.
    Text(String),
    /// A number, `True`, `False` or `None`, as it is written.
    Constant(String),
    /// Something that is imported, built in or not known, by its name with what it was imported from in front.
    Name(String),
    /// A list, tuple or set.
    List(Vec<Value>),
    /// A dictionary.
    Map(Vec<(Value, Value)>),
    /// What a call gives.
    Call(Rc<Call>),
    /// An attribute or item of something, such as `task.outputs["data"]`.
    Part(Rc<Value>, Rc<Value>),
    /// Anything else.
    Unknown,
}

/// A call: a chain of names, some of them with arguments, such as `spark.read.format("delta").load(path)`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// Where it ends, which tells it from other calls of the file.
    pub(crate) offset: usize,
    /// Its lines in the asset.
    pub(crate) lines: LineSpan,
    /// What the chain begins with.
    pub(crate) root: Value,
    /// The links behind it; the last one is called.
    pub(crate) links: Vec<Link>,
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Link {
    pub(crate) name: String,
    /// The arguments, if it is called: with their names, if they have some.
    pub(crate) arguments: Option<Vec<(Option<String>, Value)>>,
}

impl Value {
    /// A text without holes.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Value::Text(text) if !text.contains(HOLE) => Some(text),
            _ => None,
        }
    }

    /// The items of a list, or the value itself.
    pub(crate) fn one_or_many(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Value] {
        match self {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a dictionary.
    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries()
            .iter()
            .find(|(own, _)| own.text() == Some(key))
            .map(|(_, value)| value)
    }

    /// The entries of a dictionary.
    pub(crate) fn entries(&self) -> &[(Value, Value)] {
        match self {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The call that gives it, or that gives what it is a part of.
    pub(crate) fn call(&self) -> Option<&Rc<Call>> {
        match self {
            Value::Call(call) => Some(call),
            Value::Part(of, _) => of.call(),
            _ => None,
        }
    }

    /// A number, as it is written.
    pub(super) fn inside_constant(&self) -> Option<&str> {
        match self {
            Value::Constant(number) => Some(number),
            Value::Text(_) => self.text(),
            _ => None,
        }
    }

    /// The value inside a text: itself, or a hole.
    pub(super) fn inside(&self) -> &str {
        match self {
            Value::Text(text) | Value::Constant(text) => text,
            _ => HOLE,
        }
    }

    /// A text, unless it is too long.
    pub(super) fn of_text(text: String) -> Value {
        if text.len() > TEXT_BYTES {
            Value::Unknown
        } else {
            Value::Text(text)
        }
    }
}

impl Call {
    /// The full name of what is called: `mlflow.sklearn.log_model`. What is called on a result has the name of the
    /// call in front: `spark.read.format.load`.
    pub(crate) fn name(&self) -> String {
        let mut name = match &self.root {
            Value::Name(name) => name.clone(),
            Value::Call(call) => call.name(),
            Value::Part(of, _) => of.call().map_or_else(String::new, |call| call.name()),
            _ => String::new(),
        };
        for link in &self.links {
            if !name.is_empty() {
                name.push('.');
            }
            name.push_str(&link.name);
        }
        name
    }

    /// The last name of the chain.
    pub(crate) fn function(&self) -> &str {
        match (self.links.last(), &self.root) {
            (Some(link), _) => &link.name,
            (None, Value::Name(name)) => name.rsplit('.').next().unwrap_or_default(),
            (None, _) => "",
        }
    }

    /// The arguments of the call.
    pub(crate) fn arguments(&self) -> &[(Option<String>, Value)] {
        let last = self.links.last().and_then(|link| link.arguments.as_deref());
        last.unwrap_or_default()
    }

    /// The argument with a name.
    pub(crate) fn named(&self, name: &str) -> Option<&Value> {
        let mut arguments = self.arguments().iter();
        arguments
            .find(|(own, _)| own.as_deref() == Some(name))
            .map(|(_, value)| value)
    }

    /// The argument with a name, or the one at a position, counted from 0.
    pub(crate) fn argument(&self, name: &str, position: usize) -> Option<&Value> {
        self.named(name).or_else(|| {
            let unnamed = self.arguments().iter().filter(|(name, _)| name.is_none());
            unnamed.map(|(_, value)| value).nth(position)
        })
    }

    /// The text of an argument, without holes.
    pub(crate) fn text(&self, name: &str, position: usize) -> Option<&str> {
        self.argument(name, position).and_then(Value::text)
    }

    /// The arguments of an earlier call of the chain: those of `format` in `read.format("x").load()`.
    pub(crate) fn earlier(&self, name: &str) -> Option<&[(Option<String>, Value)]> {
        let own = self
            .links
            .iter()
            .rev()
            .skip(1)
            .find(|link| link.name == name)
            .and_then(|link| link.arguments.as_deref());
        own.or_else(|| match &self.root {
            Value::Call(call) if call.function() == name => Some(call.arguments()),
            Value::Call(call) => call.earlier(name),
            _ => None,
        })
    }

    /// What the chain begins with, through variables: the call that made the first receiver.
    pub(crate) fn origin(&self) -> &Value {
        match &self.root {
            Value::Call(call) => call.origin_or_self(),
            root => root,
        }
    }

    fn origin_or_self(&self) -> &Value {
        match &self.root {
            Value::Call(call) => call.origin_or_self(),
            root => root,
        }
    }

    /// This call and those in front of it in its chain, the nearest first.
    pub(crate) fn chain(&self) -> Vec<&Call> {
        let mut calls = vec![self];
        let mut at = self;
        while let Value::Call(call) = &at.root {
            calls.push(call);
            at = call;
        }
        calls
    }
}
