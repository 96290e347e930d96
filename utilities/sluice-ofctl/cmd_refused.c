/* Commands of ovs-ofctl whose subject the switch does not have: each says so. */
#include <errno.h>

#include "utilities/sluice-ofctl/ofctl.h"

static int no_tracking(const struct ofctl_options *o, char *args[], struct error *err)
{
    (void)o;
    return error_set(err, EOPNOTSUPP, "%s: the switch tracks no connections", args[0]);
}

static int no_ipfix(const struct ofctl_options *o, char *args[], struct error *err)
{
    (void)o;
    return error_set(err, EOPNOTSUPP, "%s: the switch exports no IPFIX", args[0]);
}

static const struct ofctl_command commands[] = {
    {"ct-flush", 1, 4, "SWITCH ...", "refused: no connections are tracked", no_tracking, true},
    {"ct-flush-zone", 2, 2, "SWITCH ZONE", "refused: no connections are tracked", no_tracking,
     true},
    {"dump-ipfix-bridge", 1, 1, "SWITCH", "refused: there is no IPFIX", no_ipfix},
    {"dump-ipfix-flow", 1, 1, "SWITCH", "refused: there is no IPFIX", no_ipfix},
    {NULL},
};
OFCTL_COMMANDS(commands)
