"""A mutant in the place of a module, in this process alone: whoever imports the module gets the mutant, no file is touched."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tools.mutants.operators import PACKAGE
from tools.mutants.source import Mutant, planted


def plant(mutant: Mutant) -> None:
    """From now on. Raises RuntimeError where the module has been imported already."""
    name = f"{PACKAGE.name}.{mutant.module}"
    if name in sys.modules:
        raise RuntimeError(f"{name} has been imported already")
    sys.meta_path.insert(0, _Finder(name, planted(mutant)))


def grown(mutant: Mutant) -> bool:
    """Has somebody imported it?"""
    module = sys.modules.get(f"{PACKAGE.name}.{mutant.module}")
    return module is not None and isinstance(module.__loader__, _Loader)


class _Finder(MetaPathFinder):
    """Finds that one module."""

    def __init__(self, name: str, tree: ast.Module) -> None:
        self._name, self._tree = name, tree

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        file = PACKAGE.parent / f"{fullname.replace('.', '/')}.py"
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, str(file), self._tree))


class _Loader(SourceFileLoader):
    """Makes the module of the tree instead of the file, and caches nothing."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._tree, self.get_filename(fullname), "exec")
