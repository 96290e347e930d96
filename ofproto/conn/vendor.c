/* See vendor.h. */
#include "ofproto/conn/vendor.h"

#define MAX_ROWS 64
#define HEADER_LEN 8 /* Vendor and subtype. */

static const struct vendor_row *rows[MAX_ROWS];
static size_t n_rows;

void vendor_register(const struct vendor_row *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        assert(n_rows < MAX_ROWS);
        rows[n_rows++] = &row[i];
    }
}

static int find(const struct conn *conn, const uint8_t *p, bool is_stats,
                const struct vendor_row **ret)
{
    uint32_t vendor = wire_get32(p), subtype = wire_get32(p + 4);
    bool known = false;

    for (size_t i = 0; i < n_rows; i++) {
        const struct vendor_row *row = rows[i];

        known |= row->vendor == vendor;
        if (row->vendor == vendor && row->subtype == subtype && conn->version >= row->from &&
            conn->version <= row->to && (row->stats != NULL) == is_stats) {
            *ret = row;
            return 0;
        }
    }
    return known ? OFPERR_BRC_BAD_SUBTYPE : OFPERR_BRC_BAD_VENDOR;
}

int handle_vendor(struct conn *conn, const struct request *r)
{
    const uint8_t *p = request_body(r);
    const struct vendor_row *row;
    int rc;

    if (request_body_len(r) < HEADER_LEN) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = find(conn, p, false, &row);
    return rc ? rc : row->message(conn, r, p + HEADER_LEN, request_body_len(r) - HEADER_LEN);
}

int vendor_stats(struct multipart *m, const uint8_t *p, size_t len)
{
    /* OpenFlow 1.0's header is shorter: Nicira filled it up. */
    size_t head = m->conn->version == OFP10 ? HEADER_LEN + 4 : HEADER_LEN;
    const struct vendor_row *row;
    int rc;

    if (len < head) {
        return OFPERR_BRC_BAD_LEN;
    }
    rc = find(m->conn, p, true, &row);
    if (rc) {
        return rc;
    }
    m->vendor = row->vendor;
    m->subtype = row->subtype;
    multipart_put_vendor(m);
    return row->stats(m, p + head, len - head);
}
