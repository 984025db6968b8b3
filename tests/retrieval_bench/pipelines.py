"""What LlamaIndex and LangChain do by their quick-starts, with the embedding model that Virgil uses, and nothing else changed."""

import numpy
import onnxruntime
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter
from llama_index.core import Settings, SimpleDirectoryReader, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from tokenizers import Tokenizer

MOST_TOKENS = 256


class Embedding:
    """all-MiniLM-L6-v2 in int8, one text per run, mean pooling, unit length: as the program runs it."""

    def __init__(self, model):
        folder = model / "models" / "all-MiniLM-L6-v2"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(folder / "model-int8.onnx"), options)
        self.inputs = [given.name for given in self.session.get_inputs()]
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def embed(self, text):
        tokens = self.tokenizer.encode(text)
        given = {"input_ids": tokens.ids, "attention_mask": tokens.attention_mask, "token_type_ids": tokens.type_ids}
        given = {name: numpy.array([given[name]], numpy.int64) for name in self.inputs}
        vector = self.session.run(None, given)[0][0].mean(axis=0)
        return (vector / numpy.linalg.norm(vector)).tolist()


class ForLlamaIndex(BaseEmbedding):
    """The adapter that LlamaIndex wants."""

    _embedding: Embedding

    def __init__(self, embedding):
        super().__init__(model_name="all-MiniLM-L6-v2")
        self._embedding = embedding

    def _get_query_embedding(self, query):
        return self._embedding.embed(query)

    def _get_text_embedding(self, text):
        return self._embedding.embed(text)

    async def _aget_query_embedding(self, query):
        return self._embedding.embed(query)


class ForLangChain(Embeddings):
    """The adapter that LangChain wants."""

    def __init__(self, embedding):
        self.embedding = embedding

    def embed_documents(self, texts):
        return [self.embedding.embed(text) for text in texts]

    def embed_query(self, text):
        return self.embedding.embed(text)


def llama_index(files, embedding):
    """The starter tutorial: a directory reader, a vector index, a retriever; its splitter's default of 1,024 tokens."""
    Settings.embed_model = ForLlamaIndex(embedding)
    documents = SimpleDirectoryReader(str(files), recursive=True, required_exts=[".md"], filename_as_id=True).load_data()
    index = VectorStoreIndex.from_documents(documents)

    def search(question, limit):
        nodes = index.as_retriever(similarity_top_k=limit).retrieve(question)
        return [node.metadata["file_path"].removeprefix(f"{files.resolve()}/") for node in nodes]

    return search


def lang_chain(files, embedding):
    """The semantic search tutorial: a recursive splitter of 1,000 characters with 200 shared, a vector store in memory."""
    documents = [
        Document(path.read_text(errors="replace"), metadata={"path": str(path.relative_to(files))}) for path in sorted(files.rglob("*.md"))
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200, add_start_index=True)
    store = InMemoryVectorStore(ForLangChain(embedding))
    store.add_documents(splitter.split_documents(documents))

    def search(question, limit):
        return [document.metadata["path"] for document in store.similarity_search(question, k=limit)]

    return search


QUICK_STARTS = {"LlamaIndex, quick-start": llama_index, "LangChain, quick-start": lang_chain}
