"""The program on a machine that has no Pango."""

WITHOUT_PANGO = """
import sys
import cffi

def missing(self, name, flags=0):
    raise OSError(f"cannot load library '{name}': {name}: cannot open shared object file: No such file or directory")

cffi.FFI.dlopen = missing
from byhand.cli import main
main(sys.argv[1:])
"""
