// Finds the functions of OpenBLAS in the shared library, once.
#include "bstk_openblas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

#if defined(__APPLE__)
static const char *const places[] = {"libopenblas.dylib",
                                     "/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
                                     "/usr/local/opt/openblas/lib/libopenblas.dylib"};
#else
static const char *const places[] = {"libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so"};
#endif

enum {
  ROW_MAJOR = 101,
  NO_TRANSPOSE = 111,
  TRANSPOSE = 112,
  LOWER = 122,
  NON_UNIT = 131,
  RIGHT = 142
};

static struct {
  int (*get_num_threads)(void);
  void (*set_num_threads)(int);
  void (*sgemm)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                float *, int);
  void (*dgemm)(int, int, int, int, int, int, double, const double *, int, const double *, int,
                double, double *, int);
  void (*sgemv)(int, int, int, int, float, const float *, int, const float *, int, float, float *,
                int);
  void (*strsm)(int, int, int, int, int, int, int, float, const float *, int, float *, int);
  void (*spotrf)(const char *, const int *, float *, const int *, int *);
  void (*sgeqrf)(const int *, const int *, float *, const int *, float *, float *, const int *,
                 int *);
  void (*sorgqr)(const int *, const int *, const int *, float *, const int *, const float *, float *,
                 const int *, int *);
  void (*dsyevd)(const char *, const char *, const int *, double *, const int *, double *, double *,
                 const int *, int *, const int *, int *);
  void (*dgesdd)(const char *, const int *, const int *, double *, const int *, double *, double *,
                 const int *, double *, const int *, double *, const int *, int *, int *);
} blas;

static const struct {
  const char *name;
  // POSIX gives functions as object pointers, so they are stored through one.
  void *slot;
} functions[] = {
    {"openblas_get_num_threads", &blas.get_num_threads},
    {"openblas_set_num_threads", &blas.set_num_threads},
    {"cblas_sgemm", &blas.sgemm},
    {"cblas_dgemm", &blas.dgemm},
    {"cblas_sgemv", &blas.sgemv},
    {"cblas_strsm", &blas.strsm},
    {"spotrf_", &blas.spotrf},
    {"sgeqrf_", &blas.sgeqrf},
    {"sorgqr_", &blas.sorgqr},
    {"dsyevd_", &blas.dsyevd},
    {"dgesdd_", &blas.dgesdd},
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool is_loaded;

static bool load_from(const char *place) {
  // Never closed: its threads stay.
  void *library = dlopen(place, RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *function = dlsym(library, functions[i].name);
    if (!function) return false;
    *(void **)functions[i].slot = function;
  }
  return true;
}

static void load(void) {
  for (size_t i = 0; !is_loaded && i < sizeof places / sizeof *places; i++) {
    is_loaded = load_from(places[i]);
  }
}

bool bstk_openblas_load(void) {
  pthread_once(&once, load);
  return is_loaded;
}

static int order(bool transpose) { return transpose ? TRANSPOSE : NO_TRANSPOSE; }

int bstk_openblas_get_num_threads(void) { return blas.get_num_threads(); }

void bstk_openblas_set_num_threads(int count) { blas.set_num_threads(count); }

void bstk_sgemm(bool transpose_a, bool transpose_b, int m, int n, int k, float alpha, const float *a,
                int lda, const float *b, int ldb, float beta, float *c, int ldc) {
  blas.sgemm(ROW_MAJOR, order(transpose_a), order(transpose_b), m, n, k, alpha, a, lda, b, ldb, beta,
             c, ldc);
}

void bstk_dgemm(bool transpose_a, bool transpose_b, int m, int n, int k, double alpha,
                const double *a, int lda, const double *b, int ldb, double beta, double *c,
                int ldc) {
  blas.dgemm(ROW_MAJOR, order(transpose_a), order(transpose_b), m, n, k, alpha, a, lda, b, ldb, beta,
             c, ldc);
}

void bstk_sgemv(bool transpose, int rows, int columns, float alpha, const float *a, int lda,
                const float *x, int incx, float beta, float *y, int incy) {
  blas.sgemv(ROW_MAJOR, order(transpose), rows, columns, alpha, a, lda, x, incx, beta, y, incy);
}

void bstk_strsm(int m, int n, const float *a, int lda, float *b, int ldb) {
  blas.strsm(ROW_MAJOR, RIGHT, LOWER, TRANSPOSE, NON_UNIT, m, n, 1, a, lda, b, ldb);
}

void bstk_spotrf(const int *n, float *a, const int *lda, int *info) {
  // The lower triangle by rows is the upper one by columns.
  blas.spotrf("U", n, a, lda, info);
}

void bstk_sgeqrf(const int *m, const int *n, float *a, const int *lda, float *tau, float *work,
                 const int *lwork, int *info) {
  blas.sgeqrf(m, n, a, lda, tau, work, lwork, info);
}

void bstk_sorgqr(const int *m, const int *n, const int *k, float *a, const int *lda,
                 const float *tau, float *work, const int *lwork, int *info) {
  blas.sorgqr(m, n, k, a, lda, tau, work, lwork, info);
}

void bstk_dsyevd(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
                 double *w, double *work, const int *lwork, int *iwork, const int *liwork,
                 int *info) {
  blas.dsyevd(jobz, uplo, n, a, lda, w, work, lwork, iwork, liwork, info);
}

void bstk_dgesdd(const char *jobz, const int *m, const int *n, double *a, const int *lda, double *s,
                 double *u, const int *ldu, double *vt, const int *ldvt, double *work,
                 const int *lwork, int *iwork, int *info) {
  blas.dgesdd(jobz, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, iwork, info);
}
