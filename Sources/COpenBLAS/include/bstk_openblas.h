// OpenBLAS, loaded when something is calculated for the first time.
//
// Whoever only moves models (fetch, plan, inspect, verify, serve) needs no linear algebra, and linking
// it would cost every start a thread per core that spins for some 30 ms, and 3 MB of memory.
//
// The functions are those of CBLAS and LAPACK with the same names and arguments, but for `bstk_`, and
// the row-major order that CBLAS takes first. All but the first need it to have returned true.
#pragma once
#include <stdbool.h>

/// Whether OpenBLAS is there; loads it when nobody has yet. From any thread.
bool bstk_openblas_load(void);

int bstk_openblas_get_num_threads(void);
void bstk_openblas_set_num_threads(int count);

/// C ← alpha · op(A) · op(B) + beta · C; op transposes where it is asked to.
void bstk_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a,
                int lda, const float *b, int ldb, float beta, float *c, int ldc);
void bstk_dgemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha,
                const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
/// y ← alpha · op(A) · x + beta · y, with A `rows` × `columns` as stored.
void bstk_sgemv(bool transpose, int rows, int columns, float alpha, const float *a, int lda,
                const float *x, int incx, float beta, float *y, int incy);

/// B ← B · L⁻ᵀ, B `m` × `n`, L the lower triangle of A, `n` × `n`.
void bstk_strsm(int m, int n, const float *a, int lda, float *b, int ldb);
/// The lower triangle of A, by rows, becomes L with A = L · Lᵀ; `info` > 0 names the pivot that is not
/// positive.
void bstk_spotrf(const int *n, float *a, const int *lda, int *info);

void bstk_sgeqrf(const int *m, const int *n, float *a, const int *lda, float *tau, float *work,
                 const int *lwork, int *info);
void bstk_sorgqr(const int *m, const int *n, const int *k, float *a, const int *lda,
                 const float *tau, float *work, const int *lwork, int *info);
void bstk_dsyevd(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
                 double *w, double *work, const int *lwork, int *iwork, const int *liwork,
                 int *info);
void bstk_dgesdd(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s,
                 double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                 const int *lwork, int *iwork, int *info);
