/* The ctl socket: commands to a running program, in Open vSwitch's unixctl protocol (JSON-RPC 1.0
 * over a Unix socket: method is the command, params are strings, the result is a string), so that
 * ovs-appctl and sluice-appctl both work.
 *
 * A feature registers its commands at start-up with ctl_register(); nobody keeps a list. Handlers
 * run on the thread of the event base and answer now or later, once. Built in: list-commands,
 * version, vlog/set, vlog/list, vlog/reopen. */
#ifndef LIB_CTL_H
#define LIB_CTL_H

#include <jansson.h>

#include "lib/error.h"

struct event_base;
struct ctl_request;

/* 'args' are argc strings, the command's name not among them; valid during the call. */
typedef void ctl_handler(struct ctl_request *, int argc, const char *const argv[], void *aux);

/* Adds a command. 'usage' describes its arguments ("[BRIDGE]"). Strings are not copied. The server
 * checks the count of arguments against min_args...max_args (INT_MAX: any). */
void ctl_register(const char *name, const char *usage, int min_args, int max_args,
                  ctl_handler *handler, void *aux);

/* Exactly one of these ends a request, and frees it; 'text' is copied, and gets a newline at its
 * end when it has none. */
void ctl_reply(struct ctl_request *, const char *text);
void ctl_reply_error(struct ctl_request *, const char *text);

/* A client that wants JSON puts this before the arguments; the server takes it out. A handler that
 * can answer so asks ctl_wants_json() and ends the request with ctl_reply_json(), which takes over
 * 'value'; others answer in text all the same. */
#define CTL_JSON_ARG "--format=json"
bool ctl_wants_json(const struct ctl_request *);
void ctl_reply_json(struct ctl_request *, json_t *value);

struct ctl_server;
/* Listens on 'path' (RUNDIR/PROGRAM.PID.ctl); further names may be added for compatibility. */
int ctl_server_new(struct event_base *, const char *path, struct ctl_server **ret, struct error *);
int ctl_server_add_path(struct ctl_server *, const char *path, struct error *);
void ctl_server_free(struct ctl_server *);

/* The client's side, blocking: runs 'command' at 'target', a program's name (whose pid file is
 * looked up in 'rundir') or the path of a socket. Returns 0 and the text ('*ret_ok' says whether it
 * is a result or an error that the command gave), or a negative errno. */
int ctl_call(const char *rundir, const char *target, const char *command, int argc,
             const char *const argv[], unsigned int timeout_ms, bool *ret_ok, char **ret_text,
             struct error *);

#endif
