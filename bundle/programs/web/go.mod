module gongbang.internal/web

go 1.25
