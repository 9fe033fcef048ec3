module registry/bench/load

go 1.22
