// SPDX-License-Identifier: Apache-2.0
// A Python extension whose parse() forgets one buffer in three: the leak of python_test.py.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noinline)) static char* CopyOfInput(const char* text, Py_ssize_t length) {
  char* copy = malloc((size_t)length + 1);
  if (copy != NULL) memcpy(copy, text, (size_t)length + 1);
  return copy;
}

// parse(text) -> number of blanks. An input that begins with '#' returns early and forgets the
// copy.
static PyObject* Parse(PyObject* self, PyObject* arguments) {
  const char* text;
  Py_ssize_t length;
  long blanks = 0;
  (void)self;
  if (!PyArg_ParseTuple(arguments, "s#", &text, &length)) return NULL;
  char* copy = CopyOfInput(text, length);
  if (copy == NULL) return PyErr_NoMemory();
  if (copy[0] == '#') return PyLong_FromLong(0);
  for (const char* c = copy; *c != 0; ++c) blanks += *c == ' ';
  free(copy);
  return PyLong_FromLong(blanks);
}

static PyMethodDef methods[] = {{"parse", Parse, METH_VARARGS, "Counts blanks."},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "leaky_extension", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_leaky_extension(void) { return PyModule_Create(&module); }
