// nav-police: the police's adapter.
#include "adapters/police/map_in.h"

int main(int argc, char **argv) { return nav_adapter_main(&police_mapping, argc, argv); }
