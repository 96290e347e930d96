/* See tls.h. Certificates of peers are always demanded and verified, by clients and by servers.
 * Sessions are not resumed: each connection is verified against the files as they are then. */
#include "lib/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"

LOG_MODULE(tls);

enum { KEY, CERTIFICATE, CA, N_FILES };
static const char *const columns[N_FILES] = {"private_key", "certificate", "ca_cert"};

/* Which contents a file had. */
struct stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec changed;
};

static struct {
    char *path[N_FILES]; /* NULL: not configured. */
    bool bootstrap;
    SSL_CTX *ctx;                /* Of the files when they had these stamps; NULL: not read. */
    struct stamp stamp[N_FILES]; /* Of a file that is not there: all 0. */
    bool failed;                 /* What was read last could not be used; said already. */
    uint64_t refused_options;    /* SSL_OP_NO_*. */
    char *ciphers;
} tls = {.refused_options = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1};

/* --- Files. */

static struct stamp stamp_of(const char *path)
{
    struct stamp s;
    struct stat st;

    memset(&s, 0, sizeof s);
    if (!stat(path, &st)) {
        s.dev = st.st_dev;
        s.ino = st.st_ino;
        s.size = st.st_size;
        s.changed = st.st_mtim;
    }
    return s;
}

static bool any_changed(void)
{
    bool changed = false;

    for (unsigned int i = 0; i < N_FILES; i++) {
        struct stamp now = stamp_of(tls.path[i]);

        changed |= memcmp(&now, &tls.stamp[i], sizeof now) != 0;
        tls.stamp[i] = now;
    }
    return changed;
}

/* OpenSSL's own file functions would wait for somebody to write to a pipe. */
static BIO *open_file(unsigned int file, struct error *err)
{
    int fd = open(tls.path[file], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    FILE *f;

    if (fd < 0) {
        error_set_errno(err, errno, "TLS: %s '%s'", columns[file], tls.path[file]);
        return NULL;
    }
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        error_set(err, EINVAL, "TLS: %s '%s' is no regular file", columns[file], tls.path[file]);
        close(fd);
        return NULL;
    }
    f = fdopen(fd, "r");
    if (!f) {
        close(fd);
        error_set_errno(err, errno, "TLS: %s '%s'", columns[file], tls.path[file]);
        return NULL;
    }
    return BIO_new_fp(f, BIO_CLOSE);
}

static int not_usable(unsigned int file, const char *what, struct error *err)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    ERR_clear_error();
    return error_set(err, EINVAL, "TLS: %s '%s' %s%s%s", columns[file], tls.path[file], what,
                     reason ? ": " : "", reason ? reason : "");
}

/* Nobody is there to be asked for a passphrase. */
static int no_passphrase(char *buf UNUSED, int size UNUSED, int for_writing UNUSED,
                         void *aux UNUSED)
{
    return 0;
}

static int use_key(SSL_CTX *ctx, struct error *err)
{
    BIO *in = open_file(KEY, err);
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    int rc = 0;

    if (!in) {
        return err ? -err->code : -EINVAL;
    }
    if (!key || SSL_CTX_use_PrivateKey(ctx, key) != 1) {
        rc = not_usable(KEY, "holds no private key in PEM without a passphrase", err);
    }
    EVP_PKEY_free(key);
    BIO_free(in);
    return rc;
}

/* The process's own certificate, and those that lead from it to the CA's. */
static int use_certificate(SSL_CTX *ctx, struct error *err)
{
    BIO *in = open_file(CERTIFICATE, err);
    X509 *cert = in ? PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL) : NULL;
    int rc = 0;

    if (!in) {
        return err ? -err->code : -EINVAL;
    }
    if (!cert || SSL_CTX_use_certificate(ctx, cert) != 1) {
        rc = not_usable(CERTIFICATE, "holds no usable certificate in PEM", err);
    }
    X509_free(cert);
    while (!rc && (cert = PEM_read_bio_X509(in, NULL, no_passphrase, NULL))) {
        if (SSL_CTX_add0_chain_cert(ctx, cert) != 1) {
            X509_free(cert);
            rc = not_usable(CERTIFICATE, "has a certificate behind its first that is wrong", err);
        }
    }
    BIO_free(in);
    ERR_clear_error(); /* The end of the file is one. */
    if (!rc && SSL_CTX_check_private_key(ctx) != 1) {
        ERR_clear_error();
        rc = error_set(err, EINVAL, "TLS: private_key '%s' is not that of certificate '%s'",
                       tls.path[KEY], tls.path[CERTIFICATE]);
    }
    return rc;
}

static int use_ca(SSL_CTX *ctx, struct error *err)
{
    BIO *in = open_file(CA, err);
    unsigned int n = 0;
    X509 *cert;
    int rc = 0;

    if (!in) {
        return err ? -err->code : -EINVAL;
    }
    while (!rc && (cert = PEM_read_bio_X509_AUX(in, NULL, no_passphrase, NULL))) {
        n++;
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), cert) != 1 ||
            SSL_CTX_add_client_CA(ctx, cert) != 1) {
            rc = not_usable(CA, "cannot be used", err);
        }
        X509_free(cert);
    }
    BIO_free(in);
    if (!rc && !n) {
        rc = not_usable(CA, "holds no certificate in PEM", err);
    }
    ERR_clear_error();
    return rc;
}

/* --- The names of the files that a context was made of live as long as it does, whatever is
 * configured meanwhile. */

struct paths {
    char *of[N_FILES];
};

static void free_paths(void *parent UNUSED, void *paths_, CRYPTO_EX_DATA *data UNUSED,
                       int index UNUSED, long argl UNUSED, void *argp UNUSED)
{
    struct paths *paths = paths_;

    for (unsigned int i = 0; paths && i < N_FILES; i++) {
        free(paths->of[i]);
    }
    free(paths);
}

static int paths_index(void)
{
    static int index = -1;

    if (index < 0) {
        index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_paths);
    }
    return index;
}

static void keep_paths(SSL_CTX *ctx)
{
    struct paths *paths = xcalloc(1, sizeof *paths);

    for (unsigned int i = 0; i < N_FILES; i++) {
        paths->of[i] = xstrdup(tls.path[i]);
    }
    SSL_CTX_set_ex_data(ctx, paths_index(), paths);
}

static const char *path_of(SSL *ssl, unsigned int file)
{
    struct paths *paths = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), paths_index());

    return paths->of[file];
}

/* --- The first peer tells the CA. */

static bool write_ca(const char *path, X509 *cert)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool ok = f && PEM_write_X509(f, cert) == 1;

    if (f && fclose(f)) {
        ok = false;
    } else if (!f && fd >= 0) {
        close(fd);
    }
    if (!ok) {
        log_warn("TLS: ca_cert '%s' cannot be written: %s", path, strerror(errno));
        if (fd >= 0) {
            unlink(path);
        }
        return false;
    }
    log_info("TLS: the peer's CA certificate is ca_cert '%s' from now on", path);
    return true;
}

/* In place of the usual verification: the last certificate that the peer sent must be a CA's own,
 * and all must verify by it. */
static int verify_and_learn(X509_STORE_CTX *store, void *aux UNUSED)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    const char *path = path_of(ssl, CA);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(store);
    X509 *root = chain && sk_X509_num(chain) ? sk_X509_value(chain, sk_X509_num(chain) - 1) : NULL;
    STACK_OF(X509) * trusted;
    int ok;

    if (!root || X509_check_issued(root, root) != X509_V_OK) {
        log_warn_limit("TLS: the peer does not send its CA's certificate: ca_cert '%s' cannot be "
                       "learned from it",
                       path);
        X509_STORE_CTX_set_error(store, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
        return 0;
    }
    trusted = sk_X509_new_null();
    if (!trusted || !sk_X509_push(trusted, root)) {
        sk_X509_free(trusted);
        return 0;
    }
    X509_STORE_CTX_set0_trusted_stack(store, trusted);
    ok = X509_verify_cert(store) > 0;
    if (ok && !write_ca(path, root)) { /* Or another connection was the first. */
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        ok = 0;
    }
    sk_X509_free(trusted);
    return ok;
}

/* --- Contexts. */

static bool learns_ca(void)
{
    return tls.bootstrap && !tls.stamp[CA].ino && access(tls.path[CA], F_OK) && errno == ENOENT;
}

static int load(SSL_CTX **ret, struct error *err)
{
    static const unsigned char id[] = "sluice";
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    int rc;

    if (!ctx) {
        return error_set(err, ENOMEM, "TLS: OpenSSL does not start");
    }
    keep_paths(ctx);
    SSL_CTX_set_options(ctx, tls.refused_options | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_min_proto_version(ctx, 0); /* The options say it, not the machine's defaults. */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(ctx, id, sizeof id);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    rc = tls.ciphers && SSL_CTX_set_cipher_list(ctx, tls.ciphers) != 1
             ? error_set(err, EINVAL, "TLS: no cipher is left of '%s'", tls.ciphers)
             : 0;
    rc = rc ? rc : use_key(ctx, err);
    rc = rc ? rc : use_certificate(ctx, err);
    if (!rc && learns_ca()) {
        SSL_CTX_set_cert_verify_callback(ctx, verify_and_learn, NULL);
    } else {
        rc = rc ? rc : use_ca(ctx, err);
    }
    if (rc) {
        SSL_CTX_free(ctx);
        return rc;
    }
    *ret = ctx;
    return 0;
}

/* Reads the files when they changed. What cannot be used leaves what was read before in force: keys
 * and certificates are replaced one after the other. */
static int refresh(struct error *err)
{
    struct error why = {0};
    SSL_CTX *ctx = NULL;
    bool changed;
    int rc;

    for (unsigned int i = 0; i < N_FILES; i++) {
        if (!tls.path[i]) {
            return error_set(err, ENOPROTOOPT, "TLS: no %s is configured", columns[i]);
        }
    }
    changed = any_changed();
    if (tls.ctx && !changed) {
        return 0;
    }
    rc = load(&ctx, &why);
    if (!rc) {
        SSL_CTX_free(tls.ctx);
        tls.ctx = ctx;
        tls.failed = false;
        return 0;
    }
    if (changed || !tls.failed) {
        log_warn("%s%s", why.text, tls.ctx ? "; what was read before stays in force" : "");
        tls.failed = true;
    }
    if (tls.ctx) {
        return 0;
    }
    return error_set(err, why.code, "%s", why.text);
}

static void forget_ctx(void)
{
    SSL_CTX_free(tls.ctx);
    tls.ctx = NULL;
    tls.failed = false;
    memset(tls.stamp, 0, sizeof tls.stamp);
}

static bool same(const char *a, const char *b)
{
    return !strcmp(a ? a : "", b ? b : "");
}

void tls_configure(const struct tls_config *config)
{
    static const struct tls_config none;
    const struct tls_config *c = config ? config : &none;
    const char *path[N_FILES] = {c->private_key, c->certificate, c->ca_cert};

    if (same(path[KEY], tls.path[KEY]) && same(path[CERTIFICATE], tls.path[CERTIFICATE]) &&
        same(path[CA], tls.path[CA]) && c->bootstrap_ca_cert == tls.bootstrap) {
        return;
    }
    for (unsigned int i = 0; i < N_FILES; i++) {
        free(tls.path[i]);
        tls.path[i] = path[i] && *path[i] ? xstrdup(path[i]) : NULL;
    }
    tls.bootstrap = c->bootstrap_ca_cert;
    forget_ctx();
}

/* --- Limits. */

static const struct {
    const char *name;
    uint64_t without;
} protocols[] = {
    {"TLSv1", SSL_OP_NO_TLSv1},
    {"TLSv1.1", SSL_OP_NO_TLSv1_1},
    {"TLSv1.2", SSL_OP_NO_TLSv1_2},
    {"TLSv1.3", SSL_OP_NO_TLSv1_3},
};

static int parse_protocols(const char *list, uint64_t *ret, struct error *err)
{
    uint64_t refused = 0;
    const char *p = list;

    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
        refused |= protocols[i].without;
    }
    while (*(p += strspn(p, " ,\t"))) {
        size_t n = strcspn(p, " ,\t"), i = 0;

        while (i < ARRAY_SIZE(protocols) &&
               (strlen(protocols[i].name) != n || strncmp(protocols[i].name, p, n) != 0)) {
            i++;
        }
        if (i == ARRAY_SIZE(protocols)) {
            return error_set(err, EINVAL,
                             "TLS: '%.*s' is none of TLSv1, TLSv1.1, TLSv1.2 and TLSv1.3", (int)n,
                             p);
        }
        refused &= ~protocols[i].without;
        p += n;
    }
    *ret = refused;
    return 0;
}

static int check_ciphers(const char *ciphers, struct error *err)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_method());
    bool ok = ctx && SSL_CTX_set_cipher_list(ctx, ciphers) == 1;

    SSL_CTX_free(ctx);
    ERR_clear_error();
    return ok ? 0 : error_set(err, EINVAL, "TLS: OpenSSL has no ciphers '%s'", ciphers);
}

int tls_limit(const char *protocol_list, const char *ciphers, struct error *err)
{
    uint64_t refused = tls.refused_options;
    int rc = protocol_list ? parse_protocols(protocol_list, &refused, err) : 0;

    rc = rc || !ciphers ? rc : check_ciphers(ciphers, err);
    if (rc) {
        return rc;
    }
    tls.refused_options = refused;
    if (ciphers) {
        free(tls.ciphers);
        tls.ciphers = xstrdup(ciphers);
    }
    forget_ctx();
    return 0;
}

/* --- Connections. */

/* Libevent has lost the socket's error by the time it tells of the end. */
static void note_errno(const SSL *ssl, int where, int ret)
{
    int error = errno;

    if ((where & SSL_CB_EXIT) && ret < 0) {
        SSL_set_app_data((SSL *)(uintptr_t)ssl, (void *)(intptr_t)error);
    }
}

SSL *tls_session_new(bool is_server, struct error *err)
{
    SSL *ssl;

    if (refresh(err)) {
        return NULL;
    }
    if (is_server && learns_ca()) {
        error_set(err, ENOENT,
                  "TLS: ca_cert '%s' is not there yet: it is learned from a peer that is "
                  "connected to",
                  tls.path[CA]);
        return NULL;
    }
    ssl = SSL_new(tls.ctx);
    if (!ssl) {
        ERR_clear_error();
        error_set(err, ENOMEM, "TLS: OpenSSL has no memory");
        return NULL;
    }
    SSL_set_info_callback(ssl, note_errno);
    return ssl;
}

void tls_describe(SSL *ssl, unsigned long code, char *text, size_t size)
{
    long verified = SSL_get_verify_result(ssl);
    int error = (int)(intptr_t)SSL_get_app_data(ssl);
    const char *reason = code ? ERR_reason_error_string(code) : NULL;

    if (verified != X509_V_OK) {
        snprintf(text, size, "TLS: the peer's certificate is refused: %s (ca_cert '%s')",
                 X509_verify_cert_error_string(verified), path_of(ssl, CA));
    } else if (reason && strstr(reason, "alert")) {
        snprintf(text, size, "TLS: the peer refuses (certificate '%s'): %s",
                 path_of(ssl, CERTIFICATE), reason);
    } else if (reason) {
        snprintf(text, size, "TLS: %s", reason);
    } else if (error && error != EAGAIN) {
        snprintf(text, size, "%s", strerror(error));
    } else {
        snprintf(text, size, "TLS: the connection ended in the handshake");
    }
}

void tls_forget(void)
{
    tls_configure(NULL);
    free(tls.ciphers);
    tls.ciphers = NULL;
    tls.refused_options = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
    forget_ctx();
}
