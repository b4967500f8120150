// Package table holds what the OneRoster CSV binding says of every data file:
// which columns in which order, whether each must be filled, its type, its
// vocabulary and what it refers to. It is data (tables.yaml), compiled for one
// version at a time. It owns no check.
package table
