// Package rule holds what is said of each way in which a bundle can be wrong:
// which requirement it breaks, what was expected, and the remedy. Rules of
// columns are made from the tables, the others are listed in rules.yaml.
package rule
