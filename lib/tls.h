/* What TLS streams of this process show and demand: its private key and certificate, the CA
 * certificate that peers must be signed by, and which versions and ciphers there may be.
 *
 * One configuration a process, as Open vSwitch has it; lib/stream.h uses it for ssl: and pssl:, who
 * owns the process sets it from its database or its options. The files are read again when they
 * have changed, at the next connection. Thread of the event base. */
#ifndef LIB_TLS_H
#define LIB_TLS_H

#include "lib/error.h"

struct ssl_st;

/* Paths of PEM files; NULL or "": none. Without all three nothing connects. */
struct tls_config {
    const char *private_key;
    const char *certificate; /* With those between it and the CA's behind it. */
    const char *ca_cert;
    /* While the file 'ca_cert' does not exist, the first peer that is connected to says which CA it
     * is: its certificate is written there. Listeners wait for the file. */
    bool bootstrap_ca_cert;
};

/* Copied. Connections that are established stay. NULL: no TLS. */
void tls_configure(const struct tls_config *);
/* Which versions ("TLSv1.2,TLSv1.3") and, in OpenSSL's words, which ciphers up to TLS 1.2; NULL:
 * as they were, in the beginning TLS 1.2 and later and OpenSSL's. -EINVAL names what is wrong. */
int tls_limit(const char *protocols, const char *ciphers, struct error *);

/* One connection's state; NULL with the error when the configuration does not admit any, which
 * names the file. */
struct ssl_st *tls_session_new(bool is_server, struct error *);
/* Why the connection failed, for people; 'code' is OpenSSL's error or 0. */
void tls_describe(struct ssl_st *, unsigned long code, char *text, size_t size);
/* Frees all at the end. */
void tls_forget(void);

#endif
