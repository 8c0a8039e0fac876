echo *.pem; echo dir/*; echo no*match; echo "*.pem"; echo [cw]*; echo ?mpty; set -f; echo *.pem; set +f; for f in dir/*.txt; do echo "<$f>"; done; echo .*nothing
case "a b" in "a b") echo quoted;; esac; case x in [!a-w]) echo range;; esac; case "" in ?*) echo no;; *) echo empty;; esac; v='*'; case '*' in "$v") echo lit;; esac
ls dir/*/deep*; echo dir/sub/*.txt dir*/sub
