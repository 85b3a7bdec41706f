// nav-social: social services' adapter.
// Called by: systemd, the quickstart. Must never: do more than start the engine with its mapping.
#include "adapters/social/map_in.h"

int main(int argc, char **argv) { return nav_adapter_main(&social_mapping, argc, argv); }
