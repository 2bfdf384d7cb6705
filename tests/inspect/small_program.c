// A minimal program. elf_facts_test.cc damages its file.
int main(void) { return 0; }
