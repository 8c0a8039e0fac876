{ echo bg > bg.txt; } & wait; cat bg.txt
(exit 3) & p=$!; wait $p; echo $?
sleep 0.01 & wait; echo done
