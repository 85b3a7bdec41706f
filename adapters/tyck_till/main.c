// nav-tycktill: the adapter of Tyck till.
#include "adapters/tyck_till/map_in.h"

int main(int argc, char **argv) { return nav_adapter_main(&tyck_till_mapping, argc, argv); }
