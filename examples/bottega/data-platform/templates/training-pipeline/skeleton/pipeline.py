"""Training pipeline of ${{ values.model }}: read, train, evaluate, register."""

from kfp import dsl

IMAGE = "registry.bottega.example/ml-base/python-train:3.11-2026.09"


@dsl.container_component
def train(mart: str, model: dsl.Output[dsl.Model]):
    return dsl.ContainerSpec(image=IMAGE, command=["python", "train.py"], args=["--mart", mart, "--out", model.path])


@dsl.container_component
def register(model: dsl.Input[dsl.Model], name: str):
    return dsl.ContainerSpec(image=IMAGE, command=["python", "register.py"], args=["--name", name, "--from", model.path])


@dsl.pipeline(name="${{ values.model }}-training")
def pipeline(mart: str = "${{ values.mart }}"):
    trained = train(mart=mart)
    register(model=trained.outputs["model"], name="${{ values.model }}")
