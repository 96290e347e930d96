/* Closes descriptors in the background. The last close of a tap device's queue takes the kernel
 * some 20 ms, in which it waits; a thousand of them one after the other would keep the supervisor
 * from its work for long, while side by side they take a second or two. Supervisor's thread. */
#ifndef UTILITIES_SLUICE_CLOSER_H
#define UTILITIES_SLUICE_CLOSER_H

/* Takes 'fd' over; it is closed soon. */
void closer_close(int fd);
/* Waits until all are closed. */
void closer_wait(void);

#endif
