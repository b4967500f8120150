// Package importer judges products that read OneRoster CSV: it lays bundles
// before them, good ones and each of the others broken in one way, and compares
// what the product did with what the standard asks. The bundles are those of
// fixtures/broken; how they were taken comes from a hook command or from a sheet
// that a person fills in.
package importer
