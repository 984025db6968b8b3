"""The edges that files state, with the lines that state them, and which names are one thing."""

import re

import names


class Edges:
    def __init__(self):
        self.found = {}
        self.above = {}
        # Where what is added next is stated, and the format that states it; the first format of each file.
        self.path, self.format = "", ""
        self.formats = {}

    def names(self):
        """Every name that an edge or a declaration of identity uses."""
        ends = {name for subject, _, obj in self.found for name in (subject, obj)}
        return ends | set(self.above) | set(self.above.values())

    def add(self, subject, predicate, obj, line):
        for name in (subject, obj):
            if name.startswith("column:") and (name, predicate) != (subject, "part_of"):
                # A column's name contains its table's, so that every use of it says that it is part of it.
                self.add(name, "part_of", names.table_of(name), line)
        edge = (subject, predicate, obj)
        self.found.setdefault(edge, set()).add((self.path, line))
        self.formats.setdefault(self.path, self.format)

    def same(self, one, other):
        one, other = self.root(one), self.root(other)
        if one != other:
            self.above[max(one, other)] = min(one, other)

    def root(self, name):
        while name in self.above:
            name = self.above[name]
        return name

    def merged(self):
        """The edges between things, whatever their names, as {(subject, predicate, object): {(path, line)}}."""
        out = {}
        for (subject, predicate, obj), places in self.found.items():
            edge = (self.root(subject), predicate, self.root(obj))
            out.setdefault(edge, set()).update(places)
        return out

    def join_sole_systems(self):
        """A table of a platform without more is that of the platform's only known system (DESIGN section 4)."""
        tables = {}
        for edge in self.found:
            for name in (edge[0], edge[2]):
                if name.startswith(("table:", "column:")):
                    scheme, value = name.split(":", 1)
                    system = value.split("#")[0].rpartition("/")[0]
                    rest = value[len(system) + 1 :]
                    platform = re.split("[:/]", system)[0]
                    platform = {"postgresql": "postgres", "sqlserver": "mssql"}.get(platform, platform)
                    tables.setdefault(platform, {}).setdefault(system, set()).add((scheme, rest))
        for platform, systems in tables.items():
            known = [system for system in systems if system != platform]
            if len(known) == 1 and platform in systems:
                for scheme, rest in systems[platform] & systems[known[0]]:
                    self.same(f"{scheme}:{platform}/{rest}", f"{scheme}:{known[0]}/{rest}")
