/* See mgmt.h. */
#include "ofproto/conn/mgmt.h"
void mgmt_free(struct mgmt *m)
{
    (void)m;
}
