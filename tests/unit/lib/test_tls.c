/* lib/tls and TLS in lib/stream: both ends here, certificates made by OpenSSL, real sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/stream.h"
#include "lib/tls.h"

static struct event_base *base;
static char dir[] = "/tmp/sluice-test-tls-XXXXXX";

/* --- Certificates: NAME.key and NAME.crt in 'dir', signed by CA's, or by themselves. */

static char *in_dir(const char *name, const char *suffix)
{
    return xasprintf("%s/%s%s", dir, name, suffix);
}

static void *read_pem(const char *name, bool is_key)
{
    char *path = in_dir(name, is_key ? ".key" : ".crt");
    FILE *f = fopen(path, "r");
    void *x;

    assert_non_null(f);
    x = is_key ? (void *)PEM_read_PrivateKey(f, NULL, NULL, NULL)
               : (void *)PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    free(path);
    assert_non_null(x);
    return x;
}

static void write_pem(const char *name, EVP_PKEY *key, X509 *cert, X509 *behind)
{
    char *path = in_dir(name, key ? ".key" : ".crt"), *new_path = in_dir(name, ".new");
    FILE *f = fopen(new_path, "w");

    assert_non_null(f);
    assert_int_equal(
        key ? PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) : PEM_write_X509(f, cert), 1);
    if (behind) {
        assert_int_equal(PEM_write_X509(f, behind), 1);
    }
    fclose(f);
    assert_int_equal(rename(new_path, path), 0);
    free(new_path);
    free(path);
}

static void make_cert(const char *name, const char *ca)
{
    static long serial = 1;
    EVP_PKEY *key = EVP_EC_gen("P-256"), *ca_key = ca ? read_pem(ca, true) : NULL;
    X509 *cert = X509_new(), *ca_cert = ca ? read_pem(ca, false) : NULL;
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
                                              ca ? "critical,CA:FALSE" : "critical,CA:TRUE");

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(ca ? ca_cert : cert));
    X509_set_pubkey(cert, key);
    X509_add_ext(cert, ext, -1);
    assert_true(X509_sign(cert, ca ? ca_key : key, EVP_sha256()) > 0);
    write_pem(name, key, NULL, NULL);
    write_pem(name, NULL, cert, ca_cert);
    X509_EXTENSION_free(ext);
    X509_free(cert);
    X509_free(ca_cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
}

static void configure(const char *who, const char *ca, bool bootstrap)
{
    char *key = in_dir(who, ".key"), *cert = in_dir(who, ".crt"), *ca_cert = in_dir(ca, ".crt");

    tls_configure(&(struct tls_config){.private_key = key,
                                       .certificate = cert,
                                       .ca_cert = ca_cert,
                                       .bootstrap_ca_cert = bootstrap});
    free(key);
    free(cert);
    free(ca_cert);
}

/* --- A server and a client, each with a configuration of its own. */

static struct bufferevent *accepted;
static char peer_name[128];
static short events;
static char reason[300];

static void on_accept(struct bufferevent *bev, const char *peer, void *aux UNUSED)
{
    snprintf(peer_name, sizeof peer_name, "%s", peer);
    accepted = bev;
}

static void on_event(struct bufferevent *bev, short what, void *aux UNUSED)
{
    events |= what;
    if (!(what & BEV_EVENT_CONNECTED)) {
        stream_reason(bev, what, reason, sizeof reason);
    }
}

/* Runs the loop until it is so, at most 10 s. */
#define RUN_UNTIL(CONDITION)                                                                       \
    for (int i_ = 0; i_ < 1000 && !(CONDITION); i_++) {                                            \
        event_base_loop(base, EVLOOP_NONBLOCK);                                                    \
        usleep((CONDITION) ? 0 : 10000);                                                           \
    }

static struct stream_listener *listen_as(const char *who, const char *ca)
{
    struct stream_listener *l;
    struct error err = {0};

    accepted = NULL;
    events = 0;
    reason[0] = '\0';
    configure(who, ca, false);
    if (stream_listen(base, "pssl:0:127.0.0.1", on_accept, NULL, &l, &err)) {
        fail_msg("%s", err.text);
    }
    return l;
}

static struct bufferevent *connect_to(struct stream_listener *l)
{
    struct error err = {0};
    char name[64];
    struct bufferevent *c;

    snprintf(name, sizeof name, "ssl:127.0.0.1:%u", stream_listener_port(l));
    c = stream_connect(base, name, &err);
    if (!c) {
        fail_msg("%s", err.text);
    }
    bufferevent_setcb(c, NULL, NULL, on_event, NULL);
    bufferevent_enable(c, EV_READ | EV_WRITE);
    return c;
}

static void end(struct bufferevent *c, struct stream_listener *l)
{
    if (accepted) {
        bufferevent_free(accepted);
    }
    bufferevent_free(c);
    stream_listener_free(l);
    accepted = NULL;
    event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The client is configured when its handshake begins, the server when it accepts: that needs the
 * loop. So who is the client shows its certificate first. */
static struct bufferevent *talk(struct stream_listener *l, const char *client, const char *ca,
                                const char *server, const char *server_ca)
{
    struct bufferevent *c;

    configure(client, ca, false);
    c = connect_to(l);
    configure(server, server_ca, false);
    return c;
}

static void tls_streams_carry_bytes_both_ways(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c = talk(l, "client", "ca", "server", "ca");
    char got[8] = "";

    RUN_UNTIL(accepted && events);
    assert_int_equal(events, BEV_EVENT_CONNECTED);
    assert_non_null(accepted);
    assert_memory_equal(peer_name, "ssl:127.0.0.1:", 14);
    bufferevent_enable(accepted, EV_READ | EV_WRITE);
    bufferevent_write(c, "there", 5);
    RUN_UNTIL(evbuffer_get_length(bufferevent_get_input(accepted)) == 5);
    assert_int_equal(bufferevent_read(accepted, got, sizeof got), 5);
    assert_string_equal(got, "there");
    bufferevent_write(accepted, "back", 4);
    RUN_UNTIL(evbuffer_get_length(bufferevent_get_input(c)) == 4);
    assert_int_equal(bufferevent_read(c, got, sizeof got), 4);
    end(c, l);
}

static void server_of_another_ca_is_refused_with_the_files_name(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c = talk(l, "client", "other-ca", "server", "ca");

    RUN_UNTIL(events);
    assert_false(events & BEV_EVENT_CONNECTED);
    assert_non_null(strstr(reason, "certificate is refused"));
    assert_non_null(strstr(reason, "other-ca.crt"));
    assert_null(accepted);
    end(c, l);
}

static void client_of_another_ca_is_never_accepted(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c = talk(l, "stranger", "ca", "server", "ca");

    RUN_UNTIL(events & ~BEV_EVENT_CONNECTED);
    assert_true(events & (BEV_EVENT_ERROR | BEV_EVENT_EOF));
    assert_null(accepted);
    end(c, l);
}

static void connecting_to_nobody_says_so(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c;
    uint16_t port = stream_listener_port(l);
    char name[64];

    stream_listener_free(l);
    snprintf(name, sizeof name, "ssl:127.0.0.1:%u", port);
    c = stream_connect(base, name, NULL);
    assert_non_null(c);
    bufferevent_setcb(c, NULL, NULL, on_event, NULL);
    RUN_UNTIL(events);
    assert_false(events & BEV_EVENT_CONNECTED);
    if (!strstr(reason, "refused")) {
        fail_msg("%s", reason);
    }
    bufferevent_free(c);
}

static int raw_connect(struct stream_listener *l)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(stream_listener_port(l))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* Whether the other end closed it. */
static bool is_closed(int fd)
{
    char c[64];
    ssize_t n;

    while ((n = recv(fd, c, sizeof c, MSG_DONTWAIT)) > 0) {
    }
    return !n || (errno != EAGAIN && errno != EWOULDBLOCK);
}

static void bytes_that_are_no_tls_end_the_connection(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    int fd = raw_connect(l);

    assert_int_equal(send(fd, "\1\0\0\10\0\0\0\1 plain OpenFlow", 23, 0), 23);
    RUN_UNTIL(is_closed(fd));
    assert_true(is_closed(fd));
    assert_null(accepted);
    close(fd);
    stream_listener_free(l);
}

static void the_oldest_of_too_many_handshakes_makes_room(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c;
    int fds[65];

    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        fds[i] = raw_connect(l);
        event_base_loop(base, EVLOOP_NONBLOCK);
    }
    RUN_UNTIL(is_closed(fds[0]));
    assert_true(is_closed(fds[0]));
    assert_false(is_closed(fds[1]));
    c = talk(l, "client", "ca", "server", "ca");
    RUN_UNTIL(accepted);
    assert_non_null(accepted);
    for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
        close(fds[i]);
    }
    end(c, l);
}

static void refused(const char *key, const char *cert, const char *ca, const char *want)
{
    struct error err = {0};

    tls_configure(&(struct tls_config){.private_key = key, .certificate = cert, .ca_cert = ca});
    assert_null(stream_connect(base, "ssl:127.0.0.1:1", &err));
    if (!strstr(err.text, want)) {
        fail_msg("'%s' is not in: %s", want, err.text);
    }
}

static void files_that_cannot_be_used_are_named(void **state UNUSED)
{
    char *key = in_dir("client", ".key"), *cert = in_dir("client", ".crt");
    char *ca = in_dir("ca", ".crt"), *other = in_dir("server", ".key");
    char *missing = in_dir("missing", ".pem"), *pipe = in_dir("pipe", "");
    char *want;

    refused(NULL, NULL, NULL, "no private_key is configured");
    refused(key, cert, "", "no ca_cert is configured");
    want = xasprintf("certificate '%s': No such file", missing);
    refused(key, missing, ca, want);
    free(want);
    want = xasprintf("private_key '%s' holds no private key", cert);
    refused(cert, cert, ca, want);
    free(want);
    want = xasprintf("private_key '%s' is not that of certificate '%s'", other, cert);
    refused(other, cert, ca, want);
    free(want);
    want = xasprintf("ca_cert '%s' holds no certificate", key);
    refused(key, cert, key, want);
    free(want);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    want = xasprintf("private_key '%s' is no regular file", pipe);
    refused(pipe, cert, ca, want);
    free(want);
    unlink(pipe);
    free(key);
    free(cert);
    free(ca);
    free(other);
    free(missing);
    free(pipe);
}

static void changed_files_are_read_again(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    struct bufferevent *c;

    make_cert("changing", "other-ca");
    c = talk(l, "changing", "ca", "server", "ca");
    RUN_UNTIL(events & ~BEV_EVENT_CONNECTED);
    assert_null(accepted);
    bufferevent_free(c);

    events = 0;
    configure("changing", "ca", false);
    bufferevent_free(stream_connect(base, "ssl:127.0.0.1:1", NULL)); /* The files are read. */
    make_cert("changing", "ca");
    c = connect_to(l);
    configure("server", "ca", false);
    RUN_UNTIL(accepted);
    assert_non_null(accepted);
    end(c, l);
}

static void files_that_become_unusable_leave_the_old_in_force(void **state UNUSED)
{
    char *path = in_dir("changing", ".key");
    struct error err = {0};
    struct bufferevent *c;
    FILE *f;

    make_cert("changing", "ca");
    configure("changing", "ca", false);
    bufferevent_free(stream_connect(base, "ssl:127.0.0.1:1", NULL));
    f = fopen(path, "w");
    fputs("nothing of use\n", f);
    fclose(f);
    c = stream_connect(base, "ssl:127.0.0.1:1", &err);
    assert_non_null(c);
    bufferevent_free(c);
    tls_configure(NULL);
    configure("changing", "ca", false);
    assert_null(stream_connect(base, "ssl:127.0.0.1:1", &err));
    assert_non_null(strstr(err.text, path));
    free(path);
}

static void first_peer_tells_the_ca(void **state UNUSED)
{
    struct stream_listener *l = listen_as("server", "ca");
    char *learned = in_dir("learned", ".crt");
    struct error err = {0};
    struct bufferevent *c;

    unlink(learned);
    configure("client", "learned", true);
    c = connect_to(l);
    configure("server", "ca", false);
    RUN_UNTIL(!access(learned, F_OK) || events);
    assert_int_equal(access(learned, F_OK), 0);
    RUN_UNTIL(accepted);
    assert_non_null(accepted);
    bufferevent_free(accepted);
    accepted = NULL;
    bufferevent_free(c);

    /* From now on it is like one that was given. */
    events = 0;
    configure("client", "learned", true);
    c = connect_to(l);
    configure("server", "ca", false);
    RUN_UNTIL(accepted);
    assert_non_null(accepted);
    end(c, l);
    l = listen_as("stranger", "ca");
    configure("client", "learned", true);
    c = connect_to(l);
    configure("stranger", "ca", false);
    RUN_UNTIL(events);
    assert_false(events & BEV_EVENT_CONNECTED);
    end(c, l);

    /* Listeners wait for the file. */
    unlink(learned);
    configure("client", "learned", true);
    assert_true(stream_listen(base, "pssl:0", on_accept, NULL, &l, &err) < 0);
    assert_non_null(strstr(err.text, "is not there yet"));
    free(learned);
}

static void versions_and_ciphers_can_be_limited(void **state UNUSED)
{
    struct stream_listener *l;
    struct bufferevent *c;
    struct error err = {0};

    assert_int_equal(tls_limit("TLSv1.2,SSLv3", NULL, &err), -EINVAL);
    assert_non_null(strstr(err.text, "'SSLv3'"));
    assert_int_equal(tls_limit(NULL, "nonsense", &err), -EINVAL);
    l = listen_as("server", "ca");
    assert_int_equal(tls_limit("TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384", &err), 0);
    configure("client", "ca", false);
    c = connect_to(l);
    assert_int_equal(tls_limit("TLSv1.3", NULL, &err), 0);
    configure("server", "ca", false);
    RUN_UNTIL(events);
    assert_false(events & BEV_EVENT_CONNECTED);
    end(c, l);
    tls_forget();
}

static int set_up(void **state UNUSED)
{
    base = event_base_new();
    if (!mkdtemp(dir)) {
        return 1;
    }
    make_cert("ca", NULL);
    make_cert("other-ca", NULL);
    make_cert("server", "ca");
    make_cert("client", "ca");
    make_cert("stranger", "other-ca");
    return 0;
}

static int tear_down(void **state UNUSED)
{
    static const char *const names[] = {"ca",     "other-ca", "server",
                                        "client", "stranger", "changing"};

    tls_forget();
    event_base_free(base);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        char *key = in_dir(names[i], ".key"), *cert = in_dir(names[i], ".crt");

        unlink(key);
        unlink(cert);
        free(key);
        free(cert);
    }
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_streams_carry_bytes_both_ways),
        cmocka_unit_test(server_of_another_ca_is_refused_with_the_files_name),
        cmocka_unit_test(client_of_another_ca_is_never_accepted),
        cmocka_unit_test(connecting_to_nobody_says_so),
        cmocka_unit_test(bytes_that_are_no_tls_end_the_connection),
        cmocka_unit_test(the_oldest_of_too_many_handshakes_makes_room),
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(changed_files_are_read_again),
        cmocka_unit_test(files_that_become_unusable_leave_the_old_in_force),
        cmocka_unit_test(first_peer_tells_the_ca),
        cmocka_unit_test(versions_and_ciphers_can_be_limited),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
