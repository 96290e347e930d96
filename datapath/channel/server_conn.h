/* What server.c and server_command.c share: one connection to RUNDIR/dp.sock. Control thread. */
#ifndef DATAPATH_CHANNEL_SERVER_CONN_H
#define DATAPATH_CHANNEL_SERVER_CONN_H

#include "datapath/channel/message.h"
#include "datapath/channel/server.h"

struct conn;

/* Sends, or queues when the socket is full; no further command of this peer is read until the queue
 * is empty, so it never holds more than one answer. A failed connection swallows everything. */
void conn_send(struct conn *, const struct message *);
/* A buffer of MESSAGE_MAX bytes to build messages in. */
uint8_t *conn_buffer(struct conn *);
struct server_counters *conn_counters(struct conn *);
/* Answers FLOW_LIST 'seq' bit by bit, as the peer reads. */
void conn_stream_flows(struct conn *, uint32_t seq);

/* server_command.c: carries out a command of an attached peer and answers it. -EPROTO: there is no
 * such command, or it is malformed. */
int server_command(struct conn *, const struct message_header *, struct message_reader *);
/* Sends one CHUNK of the flows from number 'first' on, and the REPLY after the last. Returns the
 * number to go on with, or DP_NO_FLOW. */
uint32_t server_send_flows(struct conn *, uint32_t seq, uint32_t first);
/* The limits that follow in a WELCOME and in the answer to SET_CONFIG. */
void server_put_limits(struct message *);
/* Settings from text; core_settings is changed only when all are right. Also used by tests. */
int server_parse_settings(const struct dp_option *, size_t n, struct core_settings *,
                          struct error *);

#endif
