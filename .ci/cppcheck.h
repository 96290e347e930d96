/* For cppcheck alone, which does not read sys/queue.h: heads of anonymous lists. */
#define LIST_HEAD(n, t)                                                                            \
    struct n {                                                                                     \
        struct t *lh_first;                                                                        \
    }
#define SLIST_HEAD(n, t)                                                                           \
    struct n {                                                                                     \
        struct t *slh_first;                                                                       \
    }
#define TAILQ_HEAD(n, t)                                                                           \
    struct n {                                                                                     \
        struct t *tqh_first, **tqh_last;                                                           \
    }
#define STAILQ_HEAD(n, t)                                                                          \
    struct n {                                                                                     \
        struct t *stqh_first, **stqh_last;                                                         \
    }
