/* Standard output, checked: what was not written must not look written. */

#ifndef FE_OUT_H
#define FE_OUT_H

/*
 * Before anything is opened: occupy closed standard descriptors, so that no
 * file of ours becomes the standard output, and keep them failing.
 */
void	fe_out_init(void);

/*
 * Flush and close standard output.  Returns the status to exit with: the
 * given one, or 1 after a failure, with a line on standard error unless the
 * reader of a pipe just went away.
 */
int	fe_out_close(int status);

#endif /* FE_OUT_H */
