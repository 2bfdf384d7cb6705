# SPDX-License-Identifier: Apache-2.0
"""Programs that run to their end: a command for an amount of work, the same work each time.

`small` and `large` are amounts for callgrind (their difference is the work without the start); `full` is for time.
"""
import os
import shutil

PYTHON_WORK = """
import json, sys
def node(depth): return {"name": "n" * depth, "children": [node(depth - 1) for _ in range(3)] if depth else []}
for i in range(int(sys.argv[1])):
    text = json.dumps(node(6)); tree = json.loads(text); words = sorted(text.split(","))
"""
SQL_TABLE = "create table t (id integer primary key, name text, data text);\n"
SQL_ROW = "insert into t values ({0}, 'name {1}', hex(randomblob(40)));\nselect length(data), upper(name) from t where id = {2};\n"
CPP = """#include <map>
#include <string>
#include <vector>
#include <functional>
template <int N> struct Chain {{ std::map<std::string, std::vector<std::function<int(int)>>> table; int Sum() {{ return N + Chain<N - 1>().Sum(); }} }};
template <> struct Chain<0> {{ int Sum() {{ return 0; }} }};
int main() {{ return Chain<{0}>().Sum(); }}
"""


class Batch:
    name, needs, unit = "", (), "run"
    small, large, full = 1, 2, 4

    def there(self):
        return all(shutil.which(need) for need in self.needs)

    suffix = ""

    def text(self, amount):
        """The input of the command."""
        raise NotImplementedError

    def prepare(self, folder):
        for amount in (self.small, self.large, self.full):
            with open(self.file(folder, amount), "w", encoding="utf-8") as file:
                file.write(self.text(amount))

    def file(self, folder, amount):
        return os.path.join(folder, f"{amount}{self.suffix}")

    def command(self, folder, amount):
        raise NotImplementedError


class Python(Batch):
    name, needs, unit = "python3, JSON trees", ("/usr/bin/python3",), "tree"
    small, large, full = 3, 9, 400

    suffix = ".py"

    def text(self, amount):
        return PYTHON_WORK

    def command(self, folder, amount):
        return ["/usr/bin/python3", "-I", self.file(folder, amount), str(amount)]


class Sqlite(Batch):
    name, needs, unit = "sqlite3, insert and select", ("sqlite3",), "pair"
    small, large, full = 1000, 3000, 60000

    suffix = ".sql"

    def text(self, amount):
        return SQL_TABLE + "".join(SQL_ROW.format(i, i % 977, i * 7919 % (i + 1)) for i in range(amount))

    def command(self, folder, amount):
        return ["sqlite3", ":memory:", f".read {self.file(folder, amount)}"]


class Compiler(Batch):
    name, needs, unit = "g++, templates", ("g++",), "template"
    small, large, full = 10, 30, 120

    suffix = ".cc"

    def text(self, amount):
        return CPP.format(amount)

    def command(self, folder, amount):
        return ["g++", "-std=c++20", "-c", self.file(folder, amount), "-o", "/dev/null"]


BATCHES = [Python(), Sqlite(), Compiler()]
