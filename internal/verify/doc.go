// Package verify knows digests and what it means that they are equal, different
// or unknown. It reads nothing itself: hosts report what they saw, and Judge
// says whether that lets a file be replaced or proves that it was.
//
// Only MatchOld and MatchNew ever pass; a file that is missing, unreadable or
// of any other content is never overwritten and never proven.
package verify
