/* Groups in files, for the commands that read them. */
#ifndef UTILITIES_OFCTL_GROUPS_H
#define UTILITIES_OFCTL_GROUPS_H

#include "utilities/sluice-ofctl/lines.h"

/* What a line with a group may begin with: an enum ofp_group_command. */
extern const struct line_word group_line_words[];

#endif
