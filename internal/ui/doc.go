// Package ui shows plans, events and results: as lines for people, as a live
// table on a terminal, as JSON for programs. It decides nothing.
package ui
