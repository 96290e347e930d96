/* sluice-vsctl: reads and changes the switch's configuration in its database, with the commands of
 * ovs-vsctl(8). Also installed under that name. */
#include "utilities/sluice-vsctl/vsctl.h"

int main(int argc, char *argv[])
{
    return vsctl_main(argc, argv);
}
