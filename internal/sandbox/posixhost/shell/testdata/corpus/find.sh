find . | sort; find . -type f -name '*.txt' | sort; find dir -maxdepth 1 | sort; find . -type l | sort; find dir -type d; find . -name '.*'; find . -newer nothing; echo $?
find dir -name '*.txt' -exec cat {} \; | sort; find . -empty -type f; find dir -name 'with*' -o -name deep.txt | sort; find dir ! -type d | sort; find . -name sub -prune -o -name '*.txt' -print; find dir -depth -print; touch -d 2020-01-01 n; find nothing; echo $?
find dir -name '*.txt' -delete; find dir | sort; find . -perm 644 -type f | sort
