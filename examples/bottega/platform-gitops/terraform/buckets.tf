terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.70"
    }
  }
}

provider "aws" {
  region = "eu-south-1"
}

locals {
  tags = {
    team    = "data-platform"
    managed = "platform-gitops/terraform"
  }
}

# Feature files, training tables, scores. Personal data may be in training/, hence the expiry.
resource "aws_s3_bucket" "lake" {
  bucket = "bottega-lake"
  tags   = merge(local.tags, { sensitivity = "pii" })
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id

  rule {
    id     = "training-tables"
    status = "Enabled"
    filter { prefix = "training/" }
    expiration { days = 395 }
  }

  rule {
    id     = "old-feature-files"
    status = "Enabled"
    filter { prefix = "features/" }
    noncurrent_version_expiration {
      newer_noncurrent_versions = 30
      noncurrent_days           = 1
    }
  }
}

# MLflow artifacts and releases. Nothing expires here: a model must stay explainable as long as its decisions count.
resource "aws_s3_bucket" "models" {
  bucket = "bottega-models"
  tags   = merge(local.tags, { sensitivity = "internal" })

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "all" {
  for_each                = { lake = aws_s3_bucket.lake.id, models = aws_s3_bucket.models.id }
  bucket                  = each.value
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}
