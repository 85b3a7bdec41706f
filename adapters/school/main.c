// nav-school: a school authority's adapter.
// Called by: systemd, the quickstart. Must never: do more than start the engine with its mapping.
#include "adapters/school/map_in.h"

int main(int argc, char **argv) { return nav_adapter_main(&school_mapping, argc, argv); }
