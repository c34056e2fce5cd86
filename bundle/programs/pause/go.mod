module gongbang.internal/bundle/pause

go 1.26.0
