// nav-housing: a housing company's adapter.
// Called by: systemd, the quickstart. Must never: do more than start the engine with its mapping.
#include "adapters/housing/map_in.h"

int main(int argc, char **argv) { return nav_adapter_main(&housing_mapping, argc, argv); }
