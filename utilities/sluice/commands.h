/* The commands of `sluice`: each gets its own words, argv[0] being the command's name, and returns
 * the program's exit code. */
#ifndef UTILITIES_SLUICE_COMMANDS_H
#define UTILITIES_SLUICE_COMMANDS_H

int cmd_up(int argc, char *argv[]);
int cmd_down(int argc, char *argv[]);
int cmd_status(int argc, char *argv[]);
int cmd_top(int argc, char *argv[]);

#endif
