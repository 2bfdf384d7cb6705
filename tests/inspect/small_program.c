// A program as small as they come: its file is what elf_facts_test.cc damages.
int main(void) { return 0; }
