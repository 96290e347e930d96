/* sluice-dbctl: looks at and changes a database server's data, with the commands of
 * ovsdb-client(1). Also installed under that name. */
#include "utilities/sluice-dbctl/dbctl.h"

int main(int argc, char *argv[])
{
    return dbctl_main(argc, argv);
}
