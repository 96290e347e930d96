/* sluice-ofctl: looks at and changes a switch's flows over OpenFlow, with the commands of
 * ovs-ofctl(8). Also installed under that name. */
#include "utilities/sluice-ofctl/ofctl.h"

int main(int argc, char *argv[])
{
    return ofctl_main(argc, argv);
}
