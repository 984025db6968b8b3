"""How things are named, so that two files that mean one thing write one name (DESIGN section 4: the classes of keys).

Written from the specifications: image references (github.com/distribution/reference), OpenLineage's naming rules, Kubernetes'
own identity of objects. Nothing here looks at the program.
"""

import re


def kubernetes(group, kind, namespace, name, cluster="default"):
    """An object of a cluster; objects of kinds that have no namespace are in `default`."""
    if kind.startswith("Cluster") or kind in (
        "Namespace", "Node", "PersistentVolume", "CustomResourceDefinition", "StorageClass", "PriorityClass",
        "IngressClass", "RuntimeClass", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService",
    ):
        namespace = "default"
    return f"kubernetes:{cluster}/{group or 'core'}/{kind}/{namespace}/{name}"


def group_of(api_version):
    return api_version.split("/")[0] if "/" in api_version else "core"


IMAGE = re.compile(r"(?P<name>[^@]+?)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>[\w+.-]+:[0-9a-fA-F]{32,}))?")
PART = re.compile(r"[A-Za-z0-9._-]+")


def image(reference):
    """The repository of an image reference, and its digest if there is one; None for what is no reference."""
    found = IMAGE.fullmatch((reference or "").strip())
    if not found or len(reference) > 500:
        return None
    name = found["name"].lower()
    first, slash, rest = name.partition("/")
    if slash and re.fullmatch(r"[a-z0-9._-]+(:[0-9]+)?", first) and ("." in first or ":" in first or first == "localhost"):
        if first in ("docker.io", "index.docker.io"):
            name = rest if "/" in rest else f"library/{rest}"
            first, rest = "docker.io", name
        parts = rest.split("/")
    else:
        parts = name.split("/")
        first, rest = "docker.io", name if slash else f"library/{name}"
    if not all(PART.fullmatch(part) for part in parts):
        return None
    digest = found["digest"]
    return f"image:{first}/{rest}", f"image_digest:{digest.lower()}" if digest else None


def uri(address, namespace="default"):
    """What a URI of stored things names; None for a place inside a container, or one with variables."""
    address = address.strip()
    if re.search(r"\s|\$\{|\$\(|\{\{", address):
        return None
    found = re.fullmatch(r"([A-Za-z0-9+.-]+)://(.+)", address)
    if not found:
        return None
    scheme, rest = found[1].lower(), found[2].strip("/")
    if not rest or scheme == "file":
        return None
    if scheme == "pvc":
        return f"pvc:default/{namespace}/{rest}"
    if scheme == "oci":
        named = image(rest)
        return named and named[0]
    scheme = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}.get(scheme, scheme)
    return f"uri:{scheme}://{rest}"


BUCKETS = ("s3", "s3a", "s3n", "gs", "gcs", "abfss", "abfs", "wasbs", "wasb", "hdfs", "dbfs", "oss", "adl")


def dataset(namespace, name):
    """A dataset as OpenLineage names it: a URI in a bucket or file system, else a table of a system."""
    scheme = namespace.split(":")[0].lower()
    if re.match(r"[A-Za-z0-9+-]+://.", name):
        return uri_of(name)
    if scheme == "file":
        return uri_of("file:///" + name.lstrip("/"))
    if scheme in BUCKETS:
        return uri_of(namespace.rstrip("/") + "/" + name.lstrip("/"))
    return table(namespace, name)


def uri_of(address):
    scheme, rest = address.strip().split("://", 1)
    scheme = {"s3a": "s3", "s3n": "s3", "gcs": "gs"}.get(scheme.lower(), scheme.lower())
    return f"uri:{scheme}://{rest.rstrip('/')}"


def table(system, name):
    """A table, its unquoted name in the case of its platform, without quotes."""
    system, platform = canonical(system)
    upper, lower = platform in ("snowflake", "oracle"), platform in ("postgres", "redshift")
    out, quoted = "", False
    for character in name:
        if character in "\"`":
            quoted = not quoted
        elif quoted:
            out += character
        else:
            out += character.upper() if upper else character.lower() if lower else character
    return f"table:{system}/{out}"


def canonical(system):
    system = system.rstrip("/")
    platform = re.split("[:/]", system)[0].lower()
    platform = {"postgresql": "postgres", "sqlserver": "mssql"}.get(platform, platform)
    return (platform if re.fullmatch("[^:/]+", system) else system), platform


def column(of, name):
    scheme, value = of.split(":", 1)
    scheme = "column" if scheme in ("table", "uri") else f"{scheme}_column"
    if scheme != "column" or of.startswith("uri:"):
        return f"{scheme}:{value}#{name}"
    system, _, bare = value.rpartition("/")
    return f"column:{table(system, bare + '#' + name)[6:]}"


def table_of(column):
    """The table, or the dataset with a URI, that a column is part of."""
    value = column.split(":", 1)[1].split("#")[0]
    is_uri = re.match("([a-z0-9+]+)://", value)
    return f"{'uri' if is_uri and is_uri[1] in BUCKETS + ('file',) else 'table'}:{value}"


EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def owner(name, system):
    """A team or person as tools write it: an address, a catalogue reference, `team:x`, `user:x`, or a bare name."""
    name = name.strip()
    kind, colon, rest = name.partition(":")
    if EMAIL.fullmatch(name):
        return f"email:{name.lower()}"
    if colon and kind in ("group", "user") and "/" in rest:
        return f"backstage:default/{name.lower()}"
    if colon and kind in ("team", "user", "group"):
        return f"{'team' if kind == 'group' else kind}:{system}/{rest}"
    return f"owner:{system}/{name}"


def repository(address):
    """A repository by the address it is cloned or browsed at, as `host/group/name`."""
    address = address.strip().removeprefix("git+")
    if "://" in address:
        rest = address.split("://", 1)[1]
    elif "@" in address:
        rest = address.split("@", 1)[1].replace(":", "/", 1)
    else:
        return None
    host, _, path = re.split("[?#]", rest)[0].partition("/")
    path = re.split("/(?:-|tree|blob|src|raw|edit|commit)/", path + "/")[0].strip("/").removesuffix(".git")
    host = host.split("@")[-1].lower()
    return f"repository:{host}/{path}" if "." in host and "/" in path else None


def file(path):
    return f"file:./{path}"
