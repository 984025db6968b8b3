"""Two-tower recommender on views and carts. Runs on two GPUs as a PyTorchJob, see pytorchjob.yaml."""

import argparse
import os

import mlflow
import torch
import torch.distributed as dist
from mlflow import MlflowClient
from pyspark.sql import SparkSession
from torch import nn

MODEL = "product-recommender"


class Towers(nn.Module):
    def __init__(self, customers, products, dim):
        super().__init__()
        self.customer = nn.Embedding(customers, dim)
        self.product = nn.Embedding(products, dim)

    def forward(self, customer, product):
        return (self.customer(customer) * self.product(product)).sum(-1)


def load(spark):
    """Ninety days of interactions with products that are still on sale."""
    interactions = spark.table("warehouse.marts.fct_product_interactions")
    products = spark.table("warehouse.marts.dim_products").where("is_active")
    return interactions.join(products, "product_id").select("customer_id", "product_id", "weight").toPandas()


def bpr(model, customer, seen, unseen):
    return -nn.functional.logsigmoid(model(customer, seen) - model(customer, unseen)).mean()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--embedding-dim", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()

    dist.init_process_group("nccl")
    frame = load(SparkSession.builder.appName("recommender-train").getOrCreate())
    customers = torch.tensor(frame.customer_id.astype("category").cat.codes.values)
    products = torch.tensor(frame.product_id.astype("category").cat.codes.values)
    model = Towers(customers.max() + 1, products.max() + 1, options.embedding_dim).cuda()
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    for epoch in range(options.epochs):
        unseen = products[torch.randperm(len(products))]
        loss = bpr(model, customers.cuda(), products.cuda(), unseen.cuda())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        print(f"epoch={epoch} loss={loss.item():.4f}")  # Katib reads this line

    if dist.get_rank() == 0:
        client = MlflowClient()
        number = len(client.search_model_versions(f"name='{MODEL}'")) + 1
        torch.onnx.export(model, (customers[:1], products[:1]), "model.onnx")
        os.system(f"aws s3 cp model.onnx s3://bottega-models/product-recommender/{number}/model.onnx")
        client.create_model_version(MODEL, source=f"s3://bottega-models/product-recommender/{number}")


if __name__ == "__main__":
    main()
