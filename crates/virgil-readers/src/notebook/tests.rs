use super::*;
use crate::shown::check;
use insta::assert_snapshot;

const READER: &dyn Reader = &NotebookReader;

#[test]
fn a_cell_is_a_section_under_the_headings_above() {
    assert_snapshot!(check(READER, "train.ipynb", r####"{
 "cells": [
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": [
    "# Train a model\n",
    "\n",
    "Some words.\n",
    "## Data\n",
    "More."
   ]
  },
  {
   "cell_type": "code",
   "execution_count": 1,
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "epoch 1\n",
      "\u001b[31mepoch 2\u001b[0m\n"
     ]
    },
    {
     "data": {
      "image/png": "iVBORw0KGgo=",
      "text/plain": [
       "<Figure>"
      ]
     },
     "output_type": "display_data"
    },
    {
     "ename": "ValueError",
     "evalue": "bad shape",
     "output_type": "error",
     "traceback": [
      "..."
     ]
    }
   ],
   "source": [
    "import torch\n",
    "fit(\"a\\n\")"
   ]
  },
  {
   "cell_type": "code",
   "metadata": {},
   "outputs": [],
   "source": "x = 1\ny = 2"
  }
 ],
 "metadata": {
  "kernelspec": {
   "name": "python3"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}"####), @r####"
        title: Train a model

        [Train a model]
          7 # Train a model
          8
          9 Some words.

        [Train a model > Data]
         10 ## Data
         11 More.

        [Train a model > Data]
         46 import torch
         47 fit("a\n")
         47 # output:
         47 epoch 1
         47 epoch 2
         47 # output:
         47 <Figure>
         47 # output:
         47 ValueError: bad shape

        [Train a model > Data]
         54 x = 1
         54 y = 2
        "####);
}

#[test]
fn the_third_format_has_worksheets() {
    assert_snapshot!(check(READER, "old.ipynb", r####"{
 "worksheets": [{
  "cells": [
   {"cell_type": "heading", "level": 2, "source": ["Old"]},
   {"cell_type": "code", "input": ["print 1"],
    "outputs": [{"output_type": "stream", "text": ["1"]}]}
  ]
 }]
}
"####), @r####"
        title: Old

        [Old]
          4 ## Old

        [Old]
          5 print 1
          5 # output:
          6 1
        "####);
}

#[test]
fn a_damaged_notebook_is_text_and_a_problem() {
    assert_snapshot!(check(READER, "a.ipynb", "{\n \"cells\": [\n  {\"cell_type\": \"co"), @r####"
        title: a.ipynb
        problem at 3: the JSON does not parse: a string has no end

        []
          1 {
          2  "cells": [
          3   {"cell_type": "co
        "####);
}

#[test]
fn long_output_is_cut() {
    let text = format!(
        r#"{{"cells": [{{"cell_type": "code", "source": "run()", "outputs": [{{"text": "{}"}}]}}]}}"#,
        r"line\n".repeat(50)
    );
    let reading = NotebookReader.read(
        Raw {
            path: "a.ipynb",
            text: &text,
        },
        &virgil_model::NoFiles,
    );
    let section = &reading.document.sections[0];
    assert_eq!(section.lines.len(), 2 + OUTPUT_LINES + 1);
    assert!(
        section.text.ends_with("line\n# … 30 more lines"),
        "{}",
        section.text
    );
}
