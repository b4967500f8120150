package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rollcall-edu/rollcall/reference/store/pgtest"
)

// Two tests that share a server given by the environment do not meet, and leave
// nothing behind.
func TestSharedServer(t *testing.T) {
	shared := pgtest.Start(t)
	t.Setenv(pgtest.EnvDSN, shared)
	t.Run("apart", func(t *testing.T) {
		for _, dsn := range []string{pgtest.Start(t), pgtest.Start(t)} {
			execute(t, dsn, "CREATE TABLE orgs (rank integer)")
		}
	})
	var left int
	conn := connect(t, shared)
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE tablename = 'orgs'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tables are left, %v", left, err)
	}
}

func execute(t *testing.T, dsn, statement string) {
	t.Helper()
	if _, err := connect(t, dsn).Exec(t.Context(), statement); err != nil {
		t.Error(err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(t.Context()) })
	return conn
}
