package store

import (
	"context"
	"fmt"
)

// The first form of a store had eight collections, whose tables called a key a rank,
// lists of one row each, and neither gaps nor stamps.

const (
	oldDatasetTable = "dataset"
	oldListsTable   = "lists"
)

var oldCollections = []Collection{"orgs", "academicSessions", "courses", "classes", "users", "enrollments", "demographics", "csvRows"}

func (d *database) isOld(ctx context.Context, t transaction) (bool, error) {
	old, err := d.hasTable(ctx, t, oldDatasetTable)
	if err != nil || !old {
		return false, err
	}
	now, err := d.hasTable(ctx, t, datasetTable)
	return !now, err
}

// migrate brings a store from its first form into this one, whose own tables are there.
func (d *database) migrate(ctx context.Context, t transaction) error {
	var statements []string
	for _, c := range oldCollections {
		statements = append(statements, fmt.Sprintf(`ALTER TABLE %s RENAME COLUMN rank TO key`, table(c)))
		for _, s := range d.engine.words().unique {
			statements = append(statements, fmt.Sprintf(s, table(c), index(c)))
		}
		statements = append(statements,
			fmt.Sprintf(`INSERT INTO %s (name, next, stamp, sealed) SELECT '%s', coalesce(max(key)+1, 0), 0, 0 FROM %s`,
				collectionsTable, c, table(c)))
	}
	statements = append(statements,
		fmt.Sprintf(`INSERT INTO %s (relation, owner, first, members) SELECT relation, owner, 0, members FROM %s`, listsTable, oldListsTable),
		fmt.Sprintf(`INSERT INTO %s (label) SELECT label FROM %s`, datasetTable, oldDatasetTable),
		`DROP TABLE `+oldListsTable,
		`DROP TABLE `+oldDatasetTable)
	for _, s := range statements {
		if err := t.execute(ctx, s); err != nil {
			return err
		}
	}
	return nil
}
